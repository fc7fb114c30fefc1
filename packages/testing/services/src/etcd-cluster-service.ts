import { ETCD } from "./etcd-service.ts";
import { findBinary } from "./find-binary.ts";
import { freePorts } from "./free-port.ts";
import { startLocalService } from "./local-service.ts";
import { prepareServices } from "./start-service.ts";
import { extraArgsFor, type ExtraArgs, type TestService } from "./test-service.ts";

const MEMBERS = 3;

/** An etcd of three local processes. */
export interface EtcdCluster {
  readonly members: readonly TestService[];
  /** The member that leads just now. Rejects if none answers that it does. */
  leader(): Promise<TestService>;
  stop(): Promise<void>;
}

/**
 * Starts an etcd of three members; it needs an `etcd` on this machine, since members in containers
 * cannot reach each other simply. `args` are for each of them, as those of `startEtcd`.
 */
export async function startEtcdCluster(args: ExtraArgs = []): Promise<EtcdCluster> {
  if (findBinary(ETCD.binary) === undefined) await prepareServices([ETCD]);
  const binary = findBinary(ETCD.binary);
  if (binary === undefined)
    throw new Error("these tests need an etcd of three local processes: put etcd on the PATH");
  const peers = (await freePorts(MEMBERS)).map((port) => `http://127.0.0.1:${port}`);
  const everyone = peers.map((peer, index) => `member-${index}=${peer}`).join(",");
  // None answers before two run, so they are started together.
  const starting = peers.map((peer, index) =>
    startLocalService(ETCD, binary, (port) => [
      `--name=member-${index}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${everyone}`,
      ...extraArgsFor(port, args),
    ]),
  );
  const results = await Promise.allSettled(starting);
  const members = results.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : [],
  );
  const stop = async (): Promise<void> =>
    void (await Promise.all(members.map((member) => member.stop())));
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    await stop();
    throw new Error("an etcd of three members did not start", { cause: failure.reason });
  }
  return { members, leader: () => leaderOf(members), stop };
}

async function leaderOf(members: readonly TestService[]): Promise<TestService> {
  for (const member of members) if (await leads(member)) return member;
  throw new Error("no member of the etcd leads");
}

async function leads({ url }: TestService): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v3/maintenance/status`, {
      method: "POST",
      body: "{}",
      signal: AbortSignal.timeout(1_000),
    });
    const status = (await response.json()) as {
      readonly leader?: string;
      readonly header?: { readonly member_id?: string };
    };
    return status.leader !== undefined && status.leader === status.header?.member_id;
  } catch {
    return false;
  }
}
