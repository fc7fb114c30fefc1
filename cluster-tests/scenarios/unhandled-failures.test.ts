import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const HERE = fileURLToPath(new URL("..", import.meta.url));

/** A silo in a process of its own, in which an actor's methods let things fail. */
const PROGRAM = `
import { Actor, defineActor, startSilo } from "troupe";
class Careless extends Actor {
  async forget() { void this.actor(Careless, "other").fail(); }
  async float() { void (async () => { await null; throw new TypeError("floating"); })(); }
  async delay() { setTimeout(() => { throw new SyntaxError("in a timer"); }, 10); }
  async throwOdd() { void Promise.reject(Object.create(null)); void this.actor(Careless, "x").odd(); }
  async odd() { throw null; }
  async fail() { throw new RangeError("nobody listens"); }
  async well() { return "well"; }
}
defineActor(Careless, { name: "Careless" });
const silo = await startSilo({ actors: [Careless], membership: "memory:a", storage: "memory:a" });
const one = silo.actor(Careless, "one");
`;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly log: string;
}

async function run(script: string, flags: readonly string[] = []): Promise<Ended> {
  const args = [...flags, "--input-type=module", "-e", PROGRAM + script];
  const child = spawn(process.execPath, args, { cwd: HERE, stdio: ["ignore", "pipe", "pipe"] });
  let [out, log] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (log += text.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, log };
}

const SLEEP = "await new Promise((resolve) => setTimeout(resolve, 100));";

describe("a failure that nobody handles", () => {
  it("in an actor is logged with actor and method, and the silo lives", async () => {
    const calls = ["forget", "float", "delay", "throwOdd"].map((name) => `await one.${name}();`);
    const { code, out, log } = await run(
      `${calls.join("\n")} ${SLEEP} console.log(await one.well()); await silo.stop();`,
    );
    expect([code, out.trim()]).toEqual([0, "well"]);
    const lines = log.split("\n").filter((line) => line.includes('"level":"error"'));
    const told = lines.map((line) => JSON.parse(line) as Record<string, string>);
    const facts = told.map(({ actor, method, reason }) => [actor, method, reason]);
    expect(facts).toContainEqual(["Careless/one", "forget", "nobody listens"]);
    expect(facts).toContainEqual(["Careless/one", "float", "floating"]);
    expect(facts).toContainEqual(["Careless/one", "delay", "in a timer"]);
    expect(facts.filter(([, method]) => method === "throwOdd")).toHaveLength(2);
  });

  it("outside of actors ends the process as it would without a silo", async () => {
    const failures = [
      `void Promise.reject(new Error("a program's own"));`,
      `setTimeout(() => { throw new Error("a program's own"); });`,
      `void one.fail().catch(() => { throw new Error("a program's own"); });`,
    ];
    for (const failure of failures) {
      const { code, out, log } = await run(`${failure} ${SLEEP} console.log("went on");`);
      expect([code, out]).toEqual([1, ""]);
      expect(log).toContain("a program's own");
    }
  });

  it("outside of actors ends nothing if Node.js was told so, or if the program listens", async () => {
    const reject = `void Promise.reject(new Error("a program's own")); ${SLEEP}`;
    const end = `console.log("went on"); await silo.stop();`;
    const silent = await run(reject + end, ["--unhandled-rejections=none"]);
    expect([silent.code, silent.out.trim()]).toEqual([0, "went on"]);
    const listen = `process.on("unhandledRejection", (e) => console.log("heard", e.message));`;
    const heard = await run(listen + reject + end);
    expect([heard.code, heard.out.trim()]).toEqual([0, "heard a program's own\nwent on"]);
  });
});
