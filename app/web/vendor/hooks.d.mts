export type Ref<T> = { current: T };
export const useState: <T>(first: T | (() => T)) => [T, (next: T | ((now: T) => T)) => void];
export const useEffect: (effect: () => void | (() => void), on?: unknown[]) => void;
export const useLayoutEffect: (effect: () => void | (() => void), on?: unknown[]) => void;
export const useMemo: <T>(make: () => T, on: unknown[]) => T;
export const useCallback: <T>(call: T, on: unknown[]) => T;
export const useRef: <T>(first: T) => Ref<T>;
export const useId: () => string;
export const useErrorBoundary: (told?: (error: unknown) => void) => [unknown, () => void];
