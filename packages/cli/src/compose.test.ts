import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadSettings } from "@troupe/host";
import type { Settings } from "@troupe/host";
import { createProgram, type Commands, type Flags } from "./program.ts";

interface Service {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly healthcheck: { readonly test: readonly string[] };
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const compose = parse(readFileSync(`${ROOT}/docker-compose.yml`, "utf8"), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};

const silos = Object.entries(compose.services).filter(([name]) => name.startsWith("silo-"));

/** What compose puts in the place of `${NAME:-default}` when nothing is set. */
function variablesOf(service: Service): Record<string, string> {
  const entries = Object.entries(service.environment ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value.replace(/\$\{\w+:-([^}]*)\}/g, "$1")]),
  );
}

interface Understood {
  readonly command: keyof Commands;
  readonly module: string | undefined;
  readonly flags: Flags;
}

/** How the real command line reads the arguments. */
async function understand(args: readonly string[]): Promise<Understood> {
  let understood: Understood | undefined;
  const note = (
    command: keyof Commands,
    module: string | undefined,
    flags: Flags,
  ): Promise<number> => {
    understood = { command, module, flags };
    return Promise.resolve(0);
  };
  const commands: Commands = {
    dev: (module, flags) => note("dev", module, flags),
    silo: (module, flags) => note("silo", module, flags),
    call: (_, flags) => note("call", undefined, flags),
    status: (flags) => note("status", undefined, flags),
    actors: (_, flags) => note("actors", undefined, flags),
    showActor: (_, flags) => note("showActor", undefined, flags),
    export: (flags) => note("export", undefined, flags),
    import: (flags) => note("import", undefined, flags),
    reminders: (_, flags) => note("reminders", undefined, flags),
    letters: (_, flags) => note("letters", undefined, flags),
    deploys: (_, __, flags) => note("deploys", undefined, flags),
    components: (_, __, flags) => note("components", undefined, flags),
    destroy: (_, flags) => note("destroy", undefined, flags),
    drain: (_, flags) => note("drain", undefined, flags),
    bench: () => note("bench", undefined, {}),
  };
  const program = createProgram(commands, "0", () => undefined);
  for (const command of [program, ...program.commands]) command.exitOverride();
  await program.parseAsync(args, { from: "user" });
  if (understood === undefined) throw new Error(`nothing was run by ${args.join(" ")}`);
  return understood;
}

function settingsOf(flags: Flags, service: Service): Settings {
  return loadSettings({ flags, variables: variablesOf(service), folder: "/nowhere" });
}

describe("docker-compose.yml", () => {
  it("runs three silos of one image, each on etcd and Redis of the same file", async () => {
    expect(silos.map(([name]) => name)).toEqual(["silo-1", "silo-2", "silo-3"]);
    for (const [name, service] of silos) {
      // oxlint-disable-next-line no-await-in-loop -- three short ones.
      const { command, module, flags } = await understand(service.command);
      const settings = settingsOf(flags, service);
      expect(command).toBe("silo");
      expect(settings.advertise).toBe(`${name}:7100`);
      expect(settings.cluster).toBe("bank");
      expect(settings.membership).toMatchObject({
        provider: { name: "etcd" },
        location: { endpoints: ["etcd:2379"] },
      });
      expect(settings.storage).toMatchObject({
        provider: { name: "Redis" },
        location: { label: "redis:6379" },
      });
      expect(Object.keys(service.depends_on ?? {})).toEqual(["etcd", "redis"]);
      // The example is a package of its own; where it is there, the file that the silos run must
      // be.
      if (existsSync(`${ROOT}/examples/bank/package.json`))
        expect(existsSync(`${ROOT}/${module}`), module).toBe(true);
    }
  });

  it("asks for the health of a silo with a command that there is", async () => {
    for (const [, service] of silos) {
      const [form, program, ...args] = service.healthcheck.test;
      expect([form, program]).toEqual(["CMD", "troupe"]);
      // oxlint-disable-next-line no-await-in-loop -- three short ones.
      const { command, flags } = await understand(args);
      expect(command).toBe("status");
      expect(settingsOf(flags, service).membership.provider.name).toBe("etcd");
    }
  });

  it("has a Redis that acknowledges nothing before it is on the disk", () => {
    expect(compose.services["redis"]?.command).toEqual([
      "redis-server",
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
    ]);
  });

  it("is built from a Dockerfile that copies what is there and starts the command", () => {
    for (const [, { build }] of silos) {
      const text = readFileSync(`${ROOT}/${build?.context}/${build?.dockerfile}`, "utf8");
      const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
        ([, sources]) => sources?.split(" ") ?? [],
      );
      expect(copied.length).toBeGreaterThan(5);
      for (const source of copied) expect(existsSync(`${ROOT}/${source}`), source).toBe(true);
      const [, linked] = /ln -s \/troupe\/(\S+) /.exec(text) ?? [];
      expect(existsSync(`${ROOT}/${linked}`), linked).toBe(true);
      expect(text).toContain('ENTRYPOINT ["troupe"]');
    }
  });
});
