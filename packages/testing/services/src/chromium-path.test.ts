import { afterEach, expect, it, vi } from "vitest";
import { chromiumPath } from "./chromium-path.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("takes the browser that the environment names", () => {
  vi.stubEnv("TROUPE_TEST_CHROMIUM", "/opt/a-browser-of-mine");
  expect(chromiumPath()).toBe("/opt/a-browser-of-mine");
});

it("takes an installed one if the variable is empty", () => {
  vi.stubEnv("TROUPE_TEST_CHROMIUM", "");
  expect(chromiumPath()).toMatch(/\/(?:chromium|google-chrome)/);
});
