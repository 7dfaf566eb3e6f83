/**
 * The app frame: navigation, keyboard between screens, connection notice, and which screen is open. Every screen is a
 * feature of its own; the frame is the only place that knows them all.
 */
import { Suspense, lazy, useEffect, useRef } from 'react';
import { useMantineColorScheme } from '@mantine/core';
import { KeyRound } from 'lucide-react';
import { useConnection, useQuery } from './client.ts';
import { setSettings } from './lib/settings.ts';
import { useRoute } from './lib/route.ts';
import type { Route } from './lib/route.ts';
import { useGoKeys } from './ui/frame/go-keys.ts';
import { ConnectionNotice } from './ui/frame/connection-notice.tsx';
import { Navigation } from './ui/frame/navigation.tsx';
import { ScreenGuard } from './ui/frame/screen-guard.tsx';
import { EmptyState, PageSkeleton } from './ui/page.tsx';
import { Gallery } from './features/gallery/gallery.tsx';
import { RunsPage } from './features/runs/runs-page.tsx';
import { InboxPage } from './features/inbox/inbox-page.tsx';
import { SettingsPage } from './features/settings/settings-page.tsx';
import classes from './ui/frame/frame.module.css';

/** These two carry the canvas library, so they are loaded when they are first opened. */
const RunPage = lazy(async () => ({ default: (await import('./features/inspector/run-page.tsx')).RunPage }));
const EditorPage = lazy(async () => ({ default: (await import('./features/editor/editor-page.tsx')).EditorPage }));

function Screen({ route }: { route: Route }) {
  switch (route.screen) {
    case 'designer':
      return <Gallery />;
    case 'workflow':
      return <EditorPage key={route.id} workflowId={route.id} />;
    case 'runs':
      return <RunsPage />;
    case 'run':
      return <RunPage key={route.id} runId={route.id} />;
    case 'inbox':
      return <InboxPage taskId={route.task} />;
    case 'settings':
      return <SettingsPage />;
  }
}

/** The stored choice wins over what this window remembered from last time. */
function useStoredSettings(): void {
  const { value } = useQuery('settings.get', {});
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const apply = useRef(setColorScheme);
  useEffect(() => {
    if (!value) return;
    setSettings(value);
    apply.current(value.colorScheme);
  }, [value]);
}

/** A new screen begins at its top, for the keyboard and for screen readers too; the editor sees to its own focus. */
function useFocusOnScreen(screen: Route['screen']): void {
  const before = useRef(screen);
  useEffect(() => {
    if (before.current === screen) return;
    before.current = screen;
    if (screen !== 'workflow') document.getElementById('main')?.focus({ preventScroll: true });
  }, [screen]);
}

export function App() {
  const route = useRoute();
  const refused = useConnection((store) => store.state === 'refused');
  useGoKeys();
  useFocusOnScreen(route.screen);
  useStoredSettings();
  return (
    <div className={classes.frame}>
      <a
        className={classes.skip}
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        Skip to content
      </a>
      <Navigation route={route} />
      <main id="main" className={classes.main} tabIndex={-1}>
        <ConnectionNotice />
        <ScreenGuard key={route.screen}>
          <Suspense fallback={<PageSkeleton />}>
            {refused ? (
              <EmptyState
                icon={KeyRound}
                title="Holdfast does not know this window"
                text="The address has no access key, or an old one. Open the address that Holdfast printed when it started."
              />
            ) : (
              <Screen route={route} />
            )}
          </Suspense>
        </ScreenGuard>
      </main>
    </div>
  );
}
