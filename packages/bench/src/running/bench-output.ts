/** Where the command writes; progress goes to `error`, so that `out` holds results only. */
export interface BenchOutput {
  out(text: string): void;
  error(text: string): void;
}

export const STANDARD_OUTPUT: BenchOutput = {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
};
