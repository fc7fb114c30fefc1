import type { Loader, TransformOptions, TransformResult } from "esbuild";

/** What the plugins use of esbuild. */
export interface Lowering {
  transform(source: string, options: TransformOptions): Promise<TransformResult>;
}

const USES_DECORATORS = /(?:^|[\s(;{])@[A-Za-z_$(]|\baccessor\s+[#A-Za-z_$["']/m;

const SOURCE = /\.[cm]?([jt])s$/;

/**
 * The kind of source that a file is, by its name. Undefined for what is not a source, and for
 * packages in node_modules: those were compiled when they were published.
 */
export function loaderOf(file: string): Loader | undefined {
  if (/[/\\]node_modules[/\\]/.test(file)) return undefined;
  const language = SOURCE.exec(file)?.[1];
  if (language === undefined) return undefined;
  return language === "t" ? "ts" : "js";
}

/**
 * Whether the source may contain a decorator or `accessor`. It may say yes for a file that does
 * not, which costs a transform and changes nothing.
 */
export function mayUseDecorators(source: string): boolean {
  return USES_DECORATORS.test(source);
}

/**
 * The source without decorators and `accessor`, in a form that every supported Node.js runs. It
 * reads the decorators as the standard ones, whatever a tsconfig.json says.
 */
export async function lowerDecorators(
  esbuild: Lowering,
  source: string,
  options: {
    readonly file: string;
    readonly loader: Loader;
    readonly sourcemap: "inline" | "external";
  },
): Promise<TransformResult> {
  return await esbuild.transform(source, {
    loader: options.loader,
    target: "es2022",
    sourcefile: options.file,
    sourcemap: options.sourcemap,
    sourcesContent: true,
    tsconfigRaw: {},
  });
}
