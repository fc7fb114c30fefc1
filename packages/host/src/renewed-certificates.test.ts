import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renewedCertificates } from "./renewed-certificates.ts";

const MADE = new URL("../../providers/grpc/test-certificates/", import.meta.url);

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-certificates-"));
  for (const [file, made] of [
    ["ca", "ca"],
    ["cert", "silo"],
    ["key", "silo-key"],
  ] as const)
    put(file, made);
});

afterEach(() => rmSync(folder, { recursive: true }));

function put(file: "ca" | "cert" | "key", made: string): void {
  copyFileSync(new URL(`${made}.pem`, MADE), join(folder, file));
}

function textOf(name: string): string {
  return readFileSync(new URL(`${name}.pem`, MADE), "utf8");
}

function files(): { ca: string; cert: string; key: string } {
  return { ca: join(folder, "ca"), cert: join(folder, "cert"), key: join(folder, "key") };
}

describe("certificates in files", () => {
  it("are read again when they are asked for a second later", async () => {
    const clock = new VirtualClock();
    const certificates = renewedCertificates(files(), { clock, logger: silentLogger });
    const first = certificates();
    expect(first).toEqual({ ca: textOf("ca"), cert: textOf("silo"), key: textOf("silo-key") });
    put("cert", "stranger");
    put("key", "stranger-key");
    expect(certificates()).toBe(first);
    await clock.advance(1_000);
    const second = certificates();
    expect(second).toEqual({
      ca: textOf("ca"),
      cert: textOf("stranger"),
      key: textOf("stranger-key"),
    });
    await clock.advance(1_000);
    expect(certificates()).toBe(second);
  });

  it("stay as they were while the files do not go together, or are away", async () => {
    const clock = new VirtualClock();
    const certificates = renewedCertificates(files(), { clock, logger: silentLogger });
    const first = certificates();
    put("cert", "stranger");
    await clock.advance(1_000);
    expect(certificates()).toBe(first);
    rmSync(join(folder, "key"));
    await clock.advance(1_000);
    expect(certificates()).toBe(first);
    put("key", "stranger-key");
    await clock.advance(1_000);
    expect(certificates().cert).toBe(textOf("stranger"));
  });

  it("are refused at the start if they cannot be used, with what is wrong", () => {
    const clock = new VirtualClock();
    const open = (): unknown => renewedCertificates(files(), { clock, logger: silentLogger });
    put("cert", "stranger");
    expect(open).toThrowError(expect.objectContaining({ code: "BAD_CONFIG" }));
    writeFileSync(join(folder, "cert"), "no certificate");
    expect(open).toThrowError(expect.objectContaining({ code: "BAD_CONFIG" }));
    rmSync(join(folder, "cert"));
    expect(open).toThrowError(/there is no file/);
  });
});
