import { existsSync, readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { type Clock, type Logger, messageOf, type TlsTexts, TroupeError } from "@troupe/core";

import type { TlsFiles } from "./config/settings.ts";

/** Between two looks at the files: new connections come in bursts when a silo starts. */
const LOOK_EVERY_MS = 1_000;

/**
 * The certificates in the files, as they are at the time of asking, so that they can be renewed
 * while the silo runs. Files that do not go together, as when only one of them is written yet,
 * change nothing. Throws `BAD_CONFIG` if they cannot be used from the start.
 */
export function renewedCertificates(
  files: TlsFiles,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): () => TlsTexts {
  let current = read(files);
  let lookedAt = clock.monotonic();
  return () => {
    if (clock.monotonic() - lookedAt < LOOK_EVERY_MS) return current;
    lookedAt = clock.monotonic();
    try {
      const found = read(files);
      if (found.ca === current.ca && found.cert === current.cert && found.key === current.key)
        return current;
      current = found;
      logger.info({}, "the certificates were renewed; new links use them");
    } catch (error) {
      logger.warn(
        { reason: messageOf(error) },
        "the certificates cannot be used as they are now; going on with those from before",
      );
    }
    return current;
  };
}

function read(files: TlsFiles): TlsTexts {
  const tls = {
    ca: readPem("tls.ca", files.ca),
    cert: readPem("tls.cert", files.cert),
    key: readPem("tls.key", files.key),
  };
  try {
    createSecureContext(tls);
  } catch (cause) {
    const message = `tls: the certificate and the key do not go together, or are not PEM: ${messageOf(cause)}`;
    throw new TroupeError("BAD_CONFIG", message, { cause });
  }
  return tls;
}

function readPem(option: string, given: string): string {
  if (given.includes("-----BEGIN")) return given;
  if (!existsSync(given))
    throw new TroupeError(
      "BAD_CONFIG",
      `${option}: there is no file ${given}; give the path of a PEM file`,
    );
  try {
    return readFileSync(given, "utf8");
  } catch (cause) {
    throw new TroupeError("BAD_CONFIG", `${option}: ${given} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
