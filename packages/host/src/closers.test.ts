import { expect, it } from "vitest";
import { Closers } from "./closers.ts";

function part(name: string, closed: string[], failure?: Error): { close(): Promise<void> } {
  return {
    close: () => {
      closed.push(name);
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
  };
}

it("closes in reverse order, once", async () => {
  const closed: string[] = [];
  const closers = new Closers();
  for (const name of ["a", "b", "c"]) closers.add(part(name, closed));
  await Promise.all([closers.close(), closers.close()]);
  await closers.close();
  expect(closed).toEqual(["c", "b", "a"]);
});

it("closes the rest when one fails, and then throws the failure", async () => {
  const closed: string[] = [];
  const closers = new Closers();
  closers.add(part("a", closed));
  closers.add(part("b", closed, new Error("no b")));
  await expect(closers.close()).rejects.toThrow("no b");
  expect(closed).toEqual(["b", "a"]);
});
