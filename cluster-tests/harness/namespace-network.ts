import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { findBinary, whyNoNamespaces } from "@troupe/services";

/**
 * Interfaces may have at most 15 characters in their names, so this leaves few for what follows.
 */
const PREFIX = "trp";

/**
 * Networks of this machine at the same time are told apart by the third number of their addresses.
 */
const NUMBERS = 250;

/**
 * Ends the interfaces, the namespaces and the bridge when its standard input ends: with the process
 * of the tests, however that ended. A namespace would take its interface along, but some time
 * later.
 */
const GUARD = `
names=
while read -r name interface; do names="$names $name"; interfaces="$interfaces $interface"; done
for interface in $interfaces; do ip link del "$interface" 2>/dev/null; done
for name in $names; do ip netns del "$name" 2>/dev/null; done
ip link del "$1" 2>/dev/null
`;

/** Which packets between two ends are dropped. */
export type Cut = "there" | "back" | "both";

/** A network namespace with one address. */
export interface NetworkHost {
  readonly address: string;
  readonly namespace: string;
}

/**
 * A network of this machine in which each host is a namespace of its own, on a bridge where the
 * tests' own process is as well. Packets can be dropped between any two, in one direction or both:
 * nobody is told, as with a cable that is pulled.
 *
 * It needs root, `ip` and `iptables`. It changes nothing of the machine's own network but for the
 * bridge, which `dispose` removes.
 */
export class NamespaceNetwork {
  /** Of the tests' process, and of the servers that it starts. */
  readonly address: string;
  readonly #number: number;
  readonly #bridge: string;
  readonly #guard: ChildProcess;
  readonly #hosts: NetworkHost[] = [];

  constructor() {
    const reason = whyNoNamespaces();
    if (reason !== undefined) throw new Error(reason);
    this.#number = freeNumber();
    this.#bridge = `${PREFIX}${this.#number}`;
    // 198.18.0.0/15 is set aside for tests of networks, so that nobody's real network is there.
    this.address = `198.18.${this.#number}.1`;
    run("ip", "link", "add", this.#bridge, "type", "bridge");
    this.#guard = spawn("sh", ["-c", GUARD, "sh", this.#bridge], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#guard.stdin?.on("error", () => undefined);
    this.#guard.unref();
    run("ip", "addr", "add", `${this.address}/24`, "dev", this.#bridge);
    run("ip", "link", "set", this.#bridge, "up");
  }

  addHost(): NetworkHost {
    const index = this.#hosts.length + 2;
    const host: NetworkHost = {
      address: `198.18.${this.#number}.${index}`,
      namespace: `${this.#bridge}-${index}`,
    };
    const { namespace } = host;
    const [outside, inside] = [`${this.#bridge}h${index}`, `${this.#bridge}i${index}`];
    run("ip", "netns", "add", namespace);
    this.#guard.stdin?.write(`${namespace} ${outside}\n`);
    this.#hosts.push(host);
    run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside);
    run("ip", "link", "set", outside, "master", this.#bridge, "up");
    run("ip", "link", "set", inside, "netns", namespace);
    run("ip", "-n", namespace, "addr", "add", `${host.address}/24`, "dev", inside);
    run("ip", "-n", namespace, "link", "set", inside, "up");
    run("ip", "-n", namespace, "link", "set", "lo", "up");
    return host;
  }

  /** The host at an address. */
  hostAt(address: string): NetworkHost | undefined {
    return this.#hosts.find((host) => host.address === address);
  }

  /** Drops packets between two hosts. `there` is from the first to the second. */
  cutHosts(from: NetworkHost, to: NetworkHost, cut: Cut): void {
    if (cut !== "back") dropIn(to, "INPUT", ["-s", from.address]);
    if (cut !== "there") dropIn(from, "INPUT", ["-s", to.address]);
  }

  /**
   * Drops packets between a host and servers of the tests' process. `there` is from the host to the
   * servers.
   */
  cutServers(from: NetworkHost, ports: readonly number[], cut: Cut): void {
    for (const port of ports.map(String)) {
      if (cut !== "back")
        dropIn(from, "OUTPUT", ["-d", this.address, "-p", "tcp", "--dport", port]);
      if (cut !== "there")
        dropIn(from, "INPUT", ["-s", this.address, "-p", "tcp", "--sport", port]);
    }
  }

  /** Lets everything through again. */
  heal(): void {
    for (const { namespace } of this.#hosts)
      run("ip", "netns", "exec", namespace, "iptables", "-F");
  }

  /** Ends all of it. The processes in it have to be ended before. */
  async dispose(): Promise<void> {
    const ended = new Promise((resolve) => {
      this.#guard.once("close", resolve);
    });
    // Nothing else may keep this process alive until then.
    this.#guard.ref();
    this.#guard.stdin?.end();
    await ended;
  }
}

function dropIn(
  { namespace }: NetworkHost,
  chain: "INPUT" | "OUTPUT",
  what: readonly string[],
): void {
  run("ip", "netns", "exec", namespace, "iptables", "-A", chain, ...what, "-j", "DROP");
}

function freeNumber(): number {
  const taken = run("ip", "-o", "link", "show");
  const numbers = Array.from(
    { length: NUMBERS },
    (_, index) => ((process.pid + index) % NUMBERS) + 1,
  );
  const free = numbers.find((number) => !new RegExp(` ${PREFIX}${number}[^0-9]`).test(taken));
  if (free === undefined)
    throw new Error(
      `${NUMBERS} networks of tests are on this machine; remove bridges named ${PREFIX}…`,
    );
  return free;
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(findBinary(program) ?? program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}
