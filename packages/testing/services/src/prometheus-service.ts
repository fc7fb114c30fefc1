import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canInstallPackages, installPackages } from "./debian-packages.ts";
import { findBinary } from "./find-binary.ts";
import { startLocalService } from "./local-service.ts";
import type { LocalServiceKind, TestService } from "./test-service.ts";

/** How often it reads the pages: often, since tests wait for what it has read. */
const SCRAPE_INTERVAL = "200ms";

/**
 * A Prometheus for tests that reads the pages at these `host:port`s, and keeps what it has read
 * until it is stopped. It comes from this machine, or from Debian; no container could read pages of
 * this machine's loopback.
 */
export async function startPrometheus(targets: readonly string[]): Promise<TestService> {
  return startLocalService(prometheusOf(targets), await binaryOf("prometheus"));
}

/** The path of `promtool`, which checks rules. It comes with Prometheus. */
export function promtoolPath(): Promise<string> {
  return binaryOf("promtool");
}

async function binaryOf(name: string): Promise<string> {
  const found = findBinary(name);
  if (found !== undefined) return found;
  const failure = canInstallPackages() ? await installPackages(["prometheus"]) : undefined;
  const installed = findBinary(name);
  if (installed !== undefined) return installed;
  throw new Error(`these tests need ${name}: put it on the PATH`, { cause: failure });
}

function prometheusOf(targets: readonly string[]): LocalServiceKind {
  return {
    name: "prometheus",
    url: (port) => `http://127.0.0.1:${port}`,
    prepareFolder: async (_, { folder }) => {
      // JSON is YAML as well.
      const config = {
        global: { scrape_interval: SCRAPE_INTERVAL, scrape_timeout: SCRAPE_INTERVAL },
        scrape_configs: [{ job_name: "troupe", static_configs: [{ targets }] }],
      };
      await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config));
    },
    localArgs: ({ port, folder }) => [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    answers: async (port) => {
      try {
        return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
      } catch {
        return false;
      }
    },
  };
}
