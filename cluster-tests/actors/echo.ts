import { Actor, actor } from "troupe";

/** Gives back what it is given. */
@actor("Echo")
export class Echo extends Actor {
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  /** Tries to answer with that many bytes. */
  async bytes(count: number): Promise<Uint8Array> {
    return new Uint8Array(count);
  }

  /** Tries to answer with what cannot be copied. */
  async callback(): Promise<unknown> {
    return { items: [() => this.id] };
  }
}
