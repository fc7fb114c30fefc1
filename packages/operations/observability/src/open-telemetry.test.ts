import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { openTelemetry } from "./open-telemetry.ts";

it("sends its numbers by OTLP, under the names and the resource that it was given", async () => {
  const bodies: Buffer[] = [];
  const collector = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => void bodies.push(chunk));
    request.on("end", () => void response.writeHead(200).end());
  });
  await new Promise<void>((resolve) => void collector.listen(0, "127.0.0.1", resolve));
  const { port } = collector.address() as AddressInfo;
  await using telemetry = await openTelemetry({
    otlp: `http://127.0.0.1:${port}/v1/metrics`,
    resource: { "service.name": "shop" },
  });
  telemetry.metrics
    .counter({ name: "shop.orders", unit: "{order}", description: "Orders." })
    .add(3, { kind: "express" });
  await telemetry.flush();
  const sent = Buffer.concat(bodies).toString("latin1");
  for (const text of ["service.name", "shop", "shop.orders", "{order}", "express"])
    expect(sent).toContain(text);
  collector.closeAllConnections();
  collector.close();
});

it("gives the same numbers as a page for Prometheus, with the unit in the name", async () => {
  await using telemetry = await openTelemetry();
  const { metrics } = telemetry;
  metrics.histogram({ name: "shop.wait", unit: "s", description: "Waiting." }).record(0.002);
  metrics.observe(
    { name: "shop.memory", unit: "By", description: "Memory.", kind: "gauge" },
    () => [{ value: 7 }],
  );
  const page = telemetry.prometheusPage();
  expect(page).toContain('shop_wait_seconds_bucket{otel_scope_name="troupe",le="0.005"} 1');
  expect(page).toContain('shop_memory_bytes{otel_scope_name="troupe"} 7');
  expect(page).toContain('service_name="troupe"');
});

it.each([
  [{ interval: "10ms" }, 'interval (openTelemetry): "10ms"; give at least "1s"'],
  [{ otlp: "collector:4318" }, 'otlp (openTelemetry): "collector:4318"; give a URL'],
] as const)("refuses %o", async (options, message) => {
  await expect(openTelemetry(options)).rejects.toThrow(message);
});
