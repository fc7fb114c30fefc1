import { expect, it } from "vitest";
import { runBench } from "./bench-command.ts";

it("hands its arguments to the benchmarks, and passes their exit code on", async () => {
  const given: (readonly string[])[] = [];
  const benchmarks = {
    runBench: (args: readonly string[]): Promise<number> => {
      given.push(args);
      return Promise.resolve(1);
    },
  };
  expect(await runBench(["call-local", "--quick"], () => Promise.resolve(benchmarks))).toBe(1);
  expect(given).toEqual([["call-local", "--quick"]]);
});

it("says where the benchmarks are when they are not installed", async () => {
  const missing = Object.assign(new Error("Cannot find package '@troupe/bench'"), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  await expect(runBench([], () => Promise.reject(missing))).rejects.toThrow(
    "they come with Troupe's repository",
  );
});

it("does not hide what is wrong with the benchmarks themselves", async () => {
  await expect(
    runBench([], () => Promise.reject(new SyntaxError("unexpected token"))),
  ).rejects.toThrow(SyntaxError);
});
