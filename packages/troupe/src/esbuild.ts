import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";
import { loaderOf, lowerDecorators, mayUseDecorators } from "./lower-decorators.ts";

/**
 * A plugin for esbuild that bundles actor classes. It lowers standard decorators and `accessor`
 * also where `target` is `esnext` or not given, and where a tsconfig.json asks for the older
 * decorators. It leaves `lmdb` and `msgpackr-extract` external, since they hold native code:
 * install `troupe` beside the bundle, or copy these two packages there.
 *
 * @example
 * ```ts
 * import { build } from "esbuild";
 * import { troupe } from "troupe/esbuild";
 *
 * await build({
 *   entryPoints: ["src/main.ts"],
 *   outfile: "dist/main.cjs",
 *   bundle: true,
 *   platform: "node",
 *   plugins: [troupe()],
 * });
 * ```
 */
export function troupe(): Plugin {
  return {
    name: "troupe",
    setup(build) {
      build.onResolve({ filter: NATIVE }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
        const loader = loaderOf(path);
        if (loader === undefined) return undefined;
        const source = await readFile(path, "utf8");
        if (!mayUseDecorators(source)) return undefined;
        const file = path;
        const lowered = await lowerDecorators(build.esbuild, source, {
          file,
          loader,
          sourcemap: "inline",
        });
        return { contents: lowered.code, loader: "js" };
      });
    },
  };
}

/** Packages with native code, which no bundle can hold. */
const NATIVE = /^(?:lmdb|msgpackr-extract)(?:$|\/)/;
