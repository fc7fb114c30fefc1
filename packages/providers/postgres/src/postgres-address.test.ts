import { describe, expect, it } from "vitest";
import { parsePostgresUrl as parsedUrl, type PostgresAddress } from "./postgres-address.ts";

function parsePostgresUrl(text: string): PostgresAddress {
  const parsed = parsedUrl(text);
  if (parsed.kind === "location") return parsed.location;
  throw new Error(parsed.right);
}

describe("parsePostgresUrl", () => {
  it("takes user, password, host, port and database", () => {
    expect(parsePostgresUrl("postgres://app:p%40s:s@db.example:5433/my%20bank")).toEqual({
      host: "db.example",
      port: 5433,
      database: "my bank",
      user: "app",
      password: "p@s:s",
      tls: "disable",
      tlsRoots: undefined,
      label: "db.example:5433/my bank",
    });
  });

  it("fills in what is usual", () => {
    expect(parsePostgresUrl("PostgreSQL://10.0.0.4/bank")).toMatchObject({
      port: 5432,
      user: undefined,
      password: undefined,
      label: "10.0.0.4:5432/bank",
    });
    expect(parsePostgresUrl("postgres://me@[::1]:7000/bank")).toMatchObject({
      host: "::1",
      port: 7000,
      user: "me",
      password: undefined,
      label: "[::1]:7000/bank",
    });
  });

  it("takes how the connection is protected", () => {
    expect(parsePostgresUrl("postgres://h/d?sslmode=require")).toMatchObject({ tls: "require" });
    expect(
      parsePostgresUrl("postgres://h/d?sslmode=verify-full&sslrootcert=%2Fca.pem"),
    ).toMatchObject({ tls: "verify-full", tlsRoots: "/ca.pem" });
  });

  it("says the right form of a wrong URL without its password", () => {
    for (const wrong of [
      "postgres://",
      "postgres://user:hidden@host",
      "postgres://user:hidden@host/",
      "postgres://user:hidden@host:99999/db",
      "postgres://user:hidden@a,b/db",
      "postgres:///db",
    ]) {
      expect(() => parsePostgresUrl(wrong), wrong).toThrow(/give a host.*postgres:\/\//);
      expect(() => parsePostgresUrl(wrong)).not.toThrow(/hidden/);
    }
  });

  it("says which parameters there are", () => {
    for (const wrong of [
      "sslmode=maybe",
      "application_name=x",
      "sslmode=require&sslrootcert=/ca.pem",
    ])
      expect(() => parsePostgresUrl(`postgres://h/d?${wrong}`), wrong).toThrow(/sslmode=disable/);
  });

  it("says so when the password is not well encoded", () => {
    expect(() => parsePostgresUrl("postgres://me:100%@host/db")).toThrow(/%25/);
  });
});
