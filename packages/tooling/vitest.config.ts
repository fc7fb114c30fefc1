import { fileURLToPath } from "node:url";
import { troupe } from "troupe/vitest";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  plugins: [troupe()],
  resolve: { conditions: ["@troupe/source"] },
  ssr: { resolve: { conditions: ["@troupe/source"], externalConditions: ["@troupe/source"] } },
  test: {
    globalSetup: [
      fileURLToPath(new URL("../testing/services/src/prepare-test-services.ts", import.meta.url)),
    ],
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/*/src/**/*.test.ts",
      "cluster-tests/**/*.test.ts",
      "examples/*/src/**/*.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
