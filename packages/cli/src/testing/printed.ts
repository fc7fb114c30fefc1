/** What a command of this process printed. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command and keeps what it prints from this process's own output. */
export async function printedBy(command: () => Promise<number>): Promise<Printed> {
  const texts = { stdout: "", stderr: "" };
  const originals = {
    stdout: process.stdout.write.bind(process.stdout),
    stderr: process.stderr.write.bind(process.stderr),
  };
  const keep = (stream: "stdout" | "stderr"): void => {
    process[stream].write = (chunk: string | Uint8Array): boolean => {
      texts[stream] += String(chunk);
      return true;
    };
  };
  keep("stdout");
  keep("stderr");
  try {
    const code = await command();
    return { code, out: texts.stdout.trimEnd(), err: texts.stderr.trimEnd() };
  } finally {
    process.stdout.write = originals.stdout;
    process.stderr.write = originals.stderr;
  }
}
