import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { TroupeError } from "@troupe/core";
import { transformSync } from "esbuild";

let registered = false;

/**
 * From here on this process can import `.ts` files, with standard decorators, which no Node.js
 * version parses. Types are removed without a check; stack traces show the lines of the sources.
 * Packages in node_modules are left alone.
 */
export function registerTypeScript(): void {
  if (registered) return;
  // It came with Node.js 22.15; what is older can still import compiled files.
  if (typeof registerHooks !== "function") {
    throw new TroupeError(
      "BAD_CONFIG",
      `Node.js ${process.version} cannot load .ts modules here; use 22.15 or later, or compile to .js first`,
    );
  }
  registered = true;
  process.setSourceMapsEnabled(true);
  registerHooks({
    // TypeScript's own convention is to import "./account.js" where the file is account.ts.
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!specifier.startsWith(".") || !specifier.endsWith(".js") || !isMissing(error))
          throw error;
        return next(specifier.replace(/\.js$/, ".ts"), context);
      }
    },
    load(url, context, next) {
      const file = url.split("?", 1)[0] ?? url;
      if (!file.startsWith("file:") || !/\.m?ts$/.test(file) || file.includes("/node_modules/"))
        return next(url, context);
      return { format: "module", source: lower(fileURLToPath(file)), shortCircuit: true };
    },
  });
}

function lower(path: string): string {
  const { code } = transformSync(readFileSync(path, "utf8"), {
    loader: "ts",
    format: "esm",
    target: "es2022",
    sourcefile: path,
    sourcemap: "inline",
    // The nearest tsconfig is not read: decorators are the standard ones, whatever it says of older
    // ones.
    tsconfigRaw: {},
    logLevel: "silent",
  });
  return code;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
