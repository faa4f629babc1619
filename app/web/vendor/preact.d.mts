export type Child = unknown;
export const h: (type: unknown, props: unknown, ...children: Child[]) => unknown;
export const Fragment: unknown;
export const render: (tree: unknown, parent: Element) => void;
export class Component {
  props: any;
  state: any;
  setState(next: object): void;
}
