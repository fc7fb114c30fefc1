import { transform } from "esbuild";
import type { Plugin } from "vitest/config";

const USES_DECORATORS = /^\s*@[A-Za-z_$]|\baccessor\s+[#A-Za-z_$]/m;

/**
 * Lowers standard decorators and `accessor` before Vite sees the file: its own transform leaves
 * them as they are, and no Node.js version parses them. Files without either are left to Vite.
 */
export function lowerDecorators(): Plugin {
  return {
    name: "troupe-lower-decorators",
    enforce: "pre",
    async transform(code, id) {
      const file = id.split("?", 1)[0] ?? id;
      if (!file.endsWith(".ts") || file.includes("/node_modules/") || !USES_DECORATORS.test(code))
        return null;
      const lowered = await transform(code, {
        loader: "ts",
        target: "es2022",
        sourcefile: file,
        sourcemap: "external",
      });
      return { code: lowered.code, map: lowered.map };
    },
  };
}
