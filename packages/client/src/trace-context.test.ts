import { describe, expect, it } from "vitest";
import { mergedHeaders } from "./call-headers.ts";
import { dropBrokenTrace, traceContextOf } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const traceparent = `00-${TRACE}-${PARENT}-01`;

function flows(name: string, value: string): boolean {
  return traceContextOf({ [name]: value }) !== undefined;
}

describe("the trace context of headers", () => {
  it("is what W3C names, and nothing else", () => {
    const context = { traceparent, tracestate: "a=1", baggage: "user=u" };
    expect(traceContextOf({ tenant: "t", ...context, Traceparent: "x" })).toEqual(context);
    expect(traceContextOf({ tenant: "t" })).toBeUndefined();
    expect(traceContextOf(undefined)).toBeUndefined();
  });

  it.each([
    ["of version 00", traceparent, true],
    ["of a later version that says more", `01-${TRACE}-${PARENT}-01-more`, true],
    ["of a later version, glued", `01-${TRACE}-${PARENT}-01more`, false],
    ["of version 00 that says more", `${traceparent}-more`, false],
    ["of the forbidden version", `ff-${TRACE}-${PARENT}-01`, false],
    ["without a trace id", `00-${"0".repeat(32)}-${PARENT}-01`, false],
    ["without a parent id", `00-${TRACE}-${"0".repeat(16)}-01`, false],
    ["in capitals", traceparent.toUpperCase(), false],
    ["with a line end", `${traceparent}\n`, false],
    ["that is cut", traceparent.slice(0, -1), false],
    ["that is too long", `01-${TRACE}-${PARENT}-01-${"x".repeat(512)}`, false],
    ["that is empty", "", false],
  ])("takes a traceparent %s for what it is", (_what, value, isSound) => {
    expect(flows("traceparent", value)).toBe(isSound);
  });

  it("has a tracestate of at most 512 characters, and baggage of at most 8,192 bytes", () => {
    expect(flows("tracestate", "x".repeat(512))).toBe(true);
    expect(flows("tracestate", "x".repeat(513))).toBe(false);
    expect(flows("baggage", "ü".repeat(4_096))).toBe(true);
    expect(flows("baggage", `${"ü".repeat(4_096)}x`)).toBe(false);
  });

  it("leaves other headers alone where it drops what is broken", () => {
    const headers = { traceparent: "x", tracestate: "a=1", tenant: "t" };
    dropBrokenTrace(headers);
    expect(headers).toEqual({ tracestate: "a=1", tenant: "t" });
  });
});

describe("the headers of a call", () => {
  it("are those of its own before what it inherits", () => {
    const inherited = { traceparent, tracestate: "a=1", baggage: "user=u" };
    expect(mergedHeaders(inherited, { tenant: "t", baggage: "user=v" })).toEqual({
      ...inherited,
      tenant: "t",
      baggage: "user=v",
    });
    expect(mergedHeaders(inherited, undefined)).toBe(inherited);
    expect(mergedHeaders(undefined, undefined)).toBeUndefined();
  });

  it("have no state of another trace than theirs", () => {
    const own = { traceparent: `00-${TRACE}-${"1".repeat(16)}-00` };
    expect(mergedHeaders({ traceparent, tracestate: "a=1", baggage: "b" }, own)).toEqual({
      ...own,
      baggage: "b",
    });
  });

  it("inherit what there is room for, and do not fail for it", () => {
    const inherited = { traceparent, baggage: "x".repeat(8_192) };
    expect(mergedHeaders(inherited, { large: "x".repeat(8_192) })).toEqual({
      traceparent,
      large: "x".repeat(8_192),
    });
    const whole = { large: "x".repeat(16_384 - "large".length) };
    expect(mergedHeaders(inherited, whole)).toBe(whole);
  });
});
