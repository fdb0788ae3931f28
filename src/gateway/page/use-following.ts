// Keeps the newest text in sight for as long as the reader is at the end, and never otherwise.

import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";

const NEAR_PX = 64;

export function useFollowing(frame: number, isOpen: boolean) {
  const isFollowing = useRef(true);
  const [isBehind, setIsBehind] = useState(false);

  useEffect(() => {
    const scrolled = (): void => {
      isFollowing.current = isAtEnd();
      setIsBehind(!isFollowing.current);
    };
    window.addEventListener("scroll", scrolled, { passive: true });
    return () => window.removeEventListener("scroll", scrolled);
  }, []);

  useLayoutEffect(() => {
    if (isOpen && isFollowing.current && !isAtEnd(0)) toEnd();
  }, [frame]);

  const jump = (): void => {
    isFollowing.current = true;
    toEnd();
  };
  return { isBehind: isBehind && isOpen, jump };
}

function isAtEnd(nearPx = NEAR_PX): boolean {
  const { scrollHeight } = document.documentElement;
  return window.innerHeight + window.scrollY >= scrollHeight - nearPx;
}

function toEnd(): void {
  window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
}
