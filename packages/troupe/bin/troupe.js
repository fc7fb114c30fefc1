#!/usr/bin/env node
// Plain JavaScript that old versions of Node.js parse as well, so that they can be told what is missing.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OLDEST = [22, 12];

function isTooOld(version) {
  const [major, minor] = version.split(".").map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

const main = new URL("../dist/cli/main.js", import.meta.url);

if (isTooOld(process.versions.node)) {
  console.error(`troupe needs Node.js ${OLDEST.join(".")} or later; this is ${process.versions.node} (${process.execPath})`);
  process.exitCode = 2;
} else if (!existsSync(fileURLToPath(main))) {
  console.error("troupe is not built yet: run `npm run build` in its repository first");
  process.exitCode = 2;
} else {
  import(main.href).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}
