/** A Redis, an etcd or a PostgreSQL that a test uses. */
export interface TestService {
  /**
   * `redis://127.0.0.1:6379`, `http://127.0.0.1:2379`. The same for the service's whole life,
   * restarts included.
   */
  readonly url: string;
  /**
   * Ends it and removes its data. Doing so twice is harmless, and does nothing to a service that
   * was given by URL.
   */
  stop(): Promise<void>;
  /** Makes it silent without closing its connections, as a process that hangs. */
  pause(): Promise<void>;
  /** Lets it go on after `pause`. */
  resume(): Promise<void>;
  /** Ends it at once and keeps its data. */
  kill(): Promise<void>;
  /**
   * Starts it again after `kill` on the same port; resolves when it answers. `wipe` removes its
   * data first.
   */
  restart(options?: { readonly wipe?: boolean }): Promise<void>;
}

export type ExtraArgs = readonly string[] | ((port: number) => readonly string[]);

export interface StartOptions {
  /**
   * The test will pause or kill the service, so one that was only given by URL will not do.
   * Default: false.
   */
  readonly faults?: boolean;
  /**
   * Further arguments for the server's command line, or what makes them of the port that it listens
   * on. They come last, so they win; a service given by URL will not do then.
   */
  readonly args?: ExtraArgs;
}

/**
 * Where a server of this machine has been put. The second port is for servers that need one more.
 */
export interface LocalPlace {
  readonly port: number;
  readonly secondPort: number;
  /** For its data. */
  readonly folder: string;
}

/** What is known of a server whose binary is at hand: how to start it and see that it answers. */
export interface LocalServiceKind {
  readonly name: string;
  url(port: number): string;
  /** The command line of the server. */
  localArgs(place: LocalPlace): readonly string[];
  /** Environment variables of the server, for what its command line cannot say. */
  localVariables?(place: LocalPlace): Readonly<Record<string, string>>;
  /** True if the service at the port answers and is ready to work. */
  answers(port: number): Promise<boolean>;
  /** What has to be done before the server can start on a new, empty folder. */
  prepareFolder?(binary: string, place: LocalPlace): Promise<void>;
  /** Asks the server to end at once, and lets it remove what it has outside of its folder. */
  readonly endSignal?: NodeJS.Signals;
  /** Whose process the server has to be. Undefined: the one of this process will do. */
  userOf?(): Promise<ServerUser | undefined>;
}

/** A user of this machine, and its group. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** What is known of a kind of server besides: where to find it. */
export interface ServiceKind extends LocalServiceKind {
  /** The environment variable with the URL of one that runs. */
  readonly variable: string;
  readonly binary: string;
  readonly debianPackage: string;
  readonly image: string;
  /** The port inside of the image's container. */
  readonly port: number;
  /** The whole command inside of the container. */
  containerCommand: readonly string[];
  /** The folder inside of the container that has the data. */
  containerFolder: string;
  /** Environment variables inside of the container. */
  readonly containerVariables?: Readonly<Record<string, string>>;
}

export function extraArgsFor(port: number, args: ExtraArgs = []): readonly string[] {
  return typeof args === "function" ? args(port) : args;
}
