#!/usr/bin/env node
// Plain JavaScript that old versions of Node.js parse as well, so that they can be told what is
// missing.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OLDEST = [22, 12];

function isTooOld(version) {
  const [major, minor] = version.split(".").map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** Where the command line is, or undefined where it was left out of the install. */
function commandLine() {
  try {
    return import.meta.resolve("@troupe/cli/main");
  } catch {
    return undefined;
  }
}

function fail(message) {
  console.error(message);
  process.exitCode = 2;
}

if (isTooOld(process.versions.node)) {
  fail(
    `troupe needs Node.js ${OLDEST.join(".")} or later; this is ${process.versions.node} (${process.execPath})`,
  );
} else {
  const main = commandLine();
  if (main === undefined) {
    fail("the command line is not installed here: npm install @troupe/cli");
  } else if (!existsSync(fileURLToPath(main))) {
    fail("troupe is not built yet: run `npm run build` in its repository first");
  } else {
    import(main).catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
  }
}
