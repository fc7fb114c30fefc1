import { describe, expect, it } from "vitest";
import {
  Actor,
  actor,
  defineActor,
  defineBehaviour,
  definitionOf,
  handlerDecorator,
  handlersOf,
  type MethodDecorator,
  noteHandler,
} from "@troupe/sdk";

function onMail(folder: string, problems: readonly string[] = []): MethodDecorator {
  return handlerDecorator({
    factory: onMail,
    args: [folder, problems],
    describe: (method) => ({ kind: "mail", name: folder, details: { method }, problems }),
  });
}

const nothing = () => ({ invoke: () => undefined });

describe("a decorator of a feature", () => {
  it("makes a method a handler of its kind, with what the feature knows of it", () => {
    @actor("Reader")
    class Reader extends Actor {
      @onMail("inbox")
      async read(): Promise<void> {}

      async other(): Promise<void> {}
    }
    const definition = definitionOf(Reader);
    expect([...handlersOf(definition, "mail")]).toEqual([["inbox", "read"]]);
    expect(definition.handlerDetails.get("mail")?.get("inbox")).toEqual({ method: "read" });
    expect([...definition.methods.keys()]).toEqual(["other"]);
  });

  it("shows what is wrong with the other problems of the class, and where", () => {
    @actor("Reader")
    class Reader extends Actor {
      @onMail("inbox", ["the folder is full"])
      async read(): Promise<void> {}

      @onMail("inbox")
      async readAgain(): Promise<void> {}
    }
    expect(() => definitionOf(Reader)).toThrow(
      /handler-decorator\.test\.ts:\d+.*the folder is full/,
    );
    expect(() => definitionOf(Reader)).toThrow(/the mail "inbox" has two methods/);
  });

  it("says that it needs parentheses", () => {
    @actor("Reader")
    class Reader extends Actor {
      // @ts-expect-error It is the factory and not the decorator.
      @onMail
      async read(): Promise<void> {}
    }
    expect(() => definitionOf(Reader)).toThrow("@onMail needs parentheses");
  });
});

describe("a handler of a feature without a decorator", () => {
  it("is noted for a class, and in the options of a behaviour", () => {
    class Reader extends Actor {
      async read(): Promise<void> {}
    }
    defineActor(Reader, { name: "Reader" });
    noteHandler(Reader, "read", { kind: "mail", name: "inbox", details: 5 }, noteHandler);
    const handlers = { mail: { inbox: { method: "read", details: 5 } } };
    const behaviour = defineBehaviour("Reader", { activate: nothing, handlers });
    for (const { handlers: found, handlerDetails } of [definitionOf(Reader), behaviour]) {
      expect(found.get("mail")).toEqual(new Map([["inbox", "read"]]));
      expect(handlerDetails.get("mail")).toEqual(new Map([["inbox", 5]]));
    }
  });
});
