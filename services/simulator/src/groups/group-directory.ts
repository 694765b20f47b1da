import { createGroup, type Group } from "./group.ts";

/** All groups of the network. */
export class GroupDirectory {
  readonly #byId = new Map<string, Group>();
  readonly #random: () => number;

  /** `random` chooses ids, so that a seeded network has the same ones again. */
  constructor(random: () => number) {
    this.#random = random;
  }

  get(id: string | undefined): Group | undefined {
    return this.#byId.get(withServer(id ?? ""));
  }

  /** `now`: seconds since 1970. */
  create(creator: string, subject: string, now: number): Group {
    let id: string;
    do id = `120363${String(Math.floor(this.#random() * 1e12)).padStart(12, "0")}@g.us`;
    while (this.#byId.has(id));
    const group = createGroup({ id, creator, subject, now });
    this.#byId.set(id, group);
    return group;
  }

  byInvite(code: string): Group | undefined {
    return [...this.#byId.values()].find(({ inviteCode }) => inviteCode === code);
  }

  /** Groups that this person is in. */
  of(phone: string): Group[] {
    return [...this.#byId.values()].filter(({ participants }) => participants.has(phone));
  }

  all(): Group[] {
    return [...this.#byId.values()];
  }

  /** Forgets all groups and takes in these. */
  replaceAll(groups: readonly Group[]): void {
    this.#byId.clear();
    for (const group of groups) this.put(group);
  }

  /** Takes in a group that was saved. */
  put(group: Group): void {
    this.#byId.set(group.id, group);
  }
}

function withServer(id: string): string {
  return id.includes("@") ? id : `${id}@g.us`;
}
