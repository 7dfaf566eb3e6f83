/** The slim bar on the left: where one can go, how much waits in the inbox, and the colour scheme. */
import { Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Inbox, Moon, Play, Settings, Sun, Workflow } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useCommand, useWatch } from '../../client.ts';
import { countOf } from '../../lib/format.ts';
import { hrefOf } from '../../lib/route.ts';
import type { Route } from '../../lib/route.ts';
import { setSettings } from '../../lib/settings.ts';
import { Logo } from './logo.tsx';
import classes from './frame.module.css';

interface Place {
  label: string;
  icon: LucideIcon;
  to: Route;
  screens: Route['screen'][];
  keys: string;
}

const places: Place[] = [
  { label: 'Designer', icon: Workflow, to: { screen: 'designer' }, screens: ['designer', 'workflow'], keys: 'G D' },
  { label: 'Runs', icon: Play, to: { screen: 'runs' }, screens: ['runs', 'run'], keys: 'G R' },
  { label: 'Inbox', icon: Inbox, to: { screen: 'inbox' }, screens: ['inbox'], keys: 'G I' },
];
const settingsPlace: Place = {
  label: 'Settings',
  icon: Settings,
  to: { screen: 'settings' },
  screens: ['settings'],
  keys: 'G S',
};

function PlaceLink({ place, route, open }: { place: Place; route: Route; open?: number | undefined }) {
  const Icon = place.icon;
  const current = place.screens.includes(route.screen);
  return (
    <Tooltip label={`${place.label} (${place.keys})`} position="right">
      <a href={hrefOf(place.to)} className={classes.place} aria-current={current ? 'page' : undefined}>
        <span className={classes.placeIcon}>
          <Icon aria-hidden strokeWidth={1.75} />
          {open !== undefined && open > 0 && (
            <span className={classes.count} aria-hidden>
              {open > 99 ? '99+' : open}
            </span>
          )}
        </span>
        <span>{place.label}</span>
        {open !== undefined && open > 0 && <span className="hf-hidden">, {countOf(open, 'open item')}</span>}
      </a>
    </Tooltip>
  );
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const scheme = useComputedColorScheme('light');
  const save = useCommand('settings.set');
  const next = scheme === 'dark' ? 'light' : 'dark';
  const Icon = scheme === 'dark' ? Sun : Moon;
  const toggle = async () => {
    setColorScheme(next);
    const saved = await save.run({ colorScheme: next });
    if (saved.ok) setSettings(saved.value);
  };
  return (
    <Tooltip label={`Use the ${next} colours`} position="right">
      <button
        type="button"
        className={classes.place}
        aria-label={`Use the ${next} colours`}
        onClick={() => void toggle()}
      >
        <span className={classes.placeIcon}>
          <Icon aria-hidden strokeWidth={1.75} />
        </span>
      </button>
    </Tooltip>
  );
}

export function Navigation({ route }: { route: Route }) {
  const inbox = useWatch('inbox.list', { state: 'open' });
  return (
    <nav className={classes.navigation} aria-label="Main">
      <a href={hrefOf({ screen: 'designer' })} className={classes.home} aria-label="Holdfast, start page">
        <Logo />
      </a>
      {places.map((place) => (
        <PlaceLink
          key={place.label}
          place={place}
          route={route}
          open={place.to.screen === 'inbox' ? inbox.value?.length : undefined}
        />
      ))}
      <div className={classes.gap} />
      <SchemeToggle />
      <PlaceLink place={settingsPlace} route={route} />
    </nav>
  );
}
