import { useEffect } from 'react';

/** The window's title: where one is, then the product. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Holdfast`;
  }, [title]);
}
