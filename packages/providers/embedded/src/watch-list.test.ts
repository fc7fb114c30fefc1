import { silentLogger, type View } from "@troupe/core";
import { expect, it } from "vitest";
import { WatchList } from "./watch-list.ts";

function view(revision: number): View {
  return { revision, members: [] };
}

function openList() {
  const list = new WatchList(silentLogger);
  const seen: (number | string)[] = [];
  const add = () =>
    list.add({
      onView: ({ revision }) => seen.push(revision),
      onBroken: ({ message }) => seen.push(message),
    });
  return { list, seen, add };
}

it("gives each view once and never goes back", () => {
  const { list, seen, add } = openList();
  add();
  for (const revision of [0, 0, 3, 2, 3, 4]) list.deliver(view(revision));
  expect(seen).toEqual([0, 3, 4]);
});

it("says once that it is broken, and gives the view again when it is whole", () => {
  const { list, seen, add } = openList();
  add();
  list.deliver(view(5));
  list.breakAll(new Error("away"));
  list.breakAll(new Error("still away"));
  list.deliver(view(5));
  list.deliver(view(5));
  expect(seen).toEqual([5, "away", 5]);
});

it("gives a view to the others when one listener throws, and nothing to one that was removed", () => {
  const { list, seen, add } = openList();
  list.add({
    onView() {
      throw new Error("a bug of the listener");
    },
    onBroken() {},
  });
  const removed = add();
  add();
  list.remove(removed);
  list.deliver(view(1));
  expect(seen).toEqual([1]);
});
