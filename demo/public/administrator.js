/**
 * Gives the first pane whose session belongs to an administrator.
 *
 * @throws Error where there is none, saying what nobody may do
 */
export function administratorOf(panes, what) {
  const pane = panes.find(({ user }) => user?.profile === "Administrator");
  if (pane === undefined) throw new Error(`Only administrators may ${what}: sign in as alice.`);
  return pane;
}
