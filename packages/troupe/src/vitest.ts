import { loaderOf, lowerDecorators, mayUseDecorators } from "./lower-decorators.ts";

/** What Vite needs of a plugin, so that this package does not depend on Vite. */
export interface DecoratorPlugin {
  readonly name: string;
  readonly enforce: "pre";
  transform(code: string, id: string): Promise<{ code: string; map: string } | null>;
}

/**
 * A plugin for vitest and Vite that lets tests import actor classes. Vite 8, and so vitest 4 and 5,
 * leaves standard decorators as they are, and no Node.js version parses them.
 *
 * Files without a decorator or `accessor`, and packages in node_modules, are left to Vite. Line
 * numbers of stack traces stay those of the sources. It needs `esbuild` in your project, 0.21 or
 * later.
 *
 * @example
 * ```ts
 * // vitest.config.ts
 * import { troupe } from "troupe/vitest";
 * import { defineConfig } from "vitest/config";
 *
 * export default defineConfig({ plugins: [troupe()] });
 * ```
 */
export function troupe(): DecoratorPlugin {
  return {
    name: "troupe",
    enforce: "pre",
    async transform(code, id) {
      const file = id.split("?", 1)[0] ?? id;
      const loader = loaderOf(file);
      if (loader === undefined || !mayUseDecorators(code)) return null;
      const esbuild = await import("esbuild");
      const lowered = await lowerDecorators(esbuild, code, { file, loader, sourcemap: "external" });
      return { code: lowered.code, map: lowered.map };
    },
  };
}
