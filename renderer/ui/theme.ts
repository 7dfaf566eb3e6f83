/**
 * The visual language in one place: colours, sizes, type and motion, as a Mantine theme and as CSS variables (`--hf-…`).
 * Nothing else in the renderer may hold a colour or a size literal. Light and dark are two designed palettes with the
 * same names; every text colour reaches AA (4.5 : 1) on every surface it is used on (theme.test.ts checks that).
 */
import { createTheme } from '@mantine/core';
import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';
import type { StateWord } from '../../shared/run/state.ts';

/** Surfaces and text of one scheme. `sunken` lies below the page (navigation, wells), `surface` above it (cards). */
interface Palette {
  page: string;
  surface: string;
  sunken: string;
  hover: string;
  selected: string;
  line: string;
  lineStrong: string;
  text: string;
  textSecondary: string;
  textQuiet: string;
  accent: string;
  accentStrong: string;
  accentSoft: string;
  onAccent: string;
  canvas: string;
  canvasDot: string;
  edge: string;
  overlay: string;
  jsonKey: string;
  jsonString: string;
  jsonNumber: string;
}

/** One status: `ink` for word and shape, `soft` behind them, `line` around them. */
interface StatusColors {
  ink: string;
  soft: string;
  line: string;
}

const light: Palette = {
  page: '#faf9f7',
  surface: '#ffffff',
  sunken: '#f3f1ed',
  hover: '#f0eeea',
  selected: '#e6f0ef',
  line: '#e5e2dc',
  lineStrong: '#c9c4bb',
  text: '#1f1d1a',
  textSecondary: '#57534c',
  textQuiet: '#6b665d',
  accent: '#0f5f5b',
  accentStrong: '#0b4a47',
  accentSoft: '#e2efee',
  onAccent: '#ffffff',
  canvas: '#f7f5f2',
  canvasDot: '#d8d4cc',
  edge: '#a09a8f',
  overlay: 'rgba(31, 29, 26, 0.32)',
  jsonKey: '#57534c',
  jsonString: '#0f5f5b',
  jsonNumber: '#1a55ad',
};

const dark: Palette = {
  page: '#191816',
  surface: '#211f1d',
  sunken: '#141311',
  hover: '#2a2825',
  selected: '#1b302f',
  line: '#35322e',
  lineStrong: '#524d46',
  text: '#ece9e3',
  textSecondary: '#bab5ab',
  textQuiet: '#9d978c',
  accent: '#5bc0b8',
  accentStrong: '#7fd3cc',
  accentSoft: '#16302e',
  onAccent: '#ffffff',
  canvas: '#171614',
  canvasDot: '#35322e',
  edge: '#777167',
  overlay: 'rgba(0, 0, 0, 0.56)',
  jsonKey: '#bab5ab',
  jsonString: '#6fcac2',
  jsonNumber: '#8db8ff',
};

export const statusLight: Record<StateWord, StatusColors> = {
  started: { ink: '#1a55ad', soft: '#e8f0fb', line: '#b5cdf0' },
  waiting: { ink: '#475364', soft: '#edf0f3', line: '#c5cdd6' },
  confirmed: { ink: '#0b635e', soft: '#e0f1ef', line: '#a9d5d0' },
  failed: { ink: '#ad211a', soft: '#fbeae8', line: '#efbfbb' },
  escalated: { ink: '#855000', soft: '#fcf1da', line: '#e9cd92' },
  rolled_back: { ink: '#6539ad', soft: '#f1ebfb', line: '#d2c0f0' },
  complete: { ink: '#ffffff', soft: '#1d7340', line: '#1d7340' },
};

export const statusDark: Record<StateWord, StatusColors> = {
  started: { ink: '#8db8ff', soft: '#17263d', line: '#2c4a78' },
  waiting: { ink: '#b0bac8', soft: '#262b32', line: '#434c58' },
  confirmed: { ink: '#6fcac2', soft: '#12302d', line: '#23605b' },
  failed: { ink: '#ff9c92', soft: '#3c1c19', line: '#75332d' },
  escalated: { ink: '#f0bc58', soft: '#37290d', line: '#6d521a' },
  rolled_back: { ink: '#c5a8ff', soft: '#2a2042', line: '#53407f' },
  complete: { ink: '#ffffff', soft: '#237a49', line: '#237a49' },
};

/** Solid status colours for shapes on a plain surface (edges of nodes, timeline): `complete` needs one of its own. */
const completeMark = { light: '#1d7340', dark: '#57c585' };

export const palettes = { light, dark };

const accent: MantineColorsTuple = [
  '#e2efee',
  '#c6dfdd',
  '#9cc9c5',
  '#6fb1ac',
  '#439690',
  '#237d77',
  '#156d68',
  '#0f5f5b',
  '#0b4a47',
  '#073634',
];

const gray: MantineColorsTuple = [
  light.page,
  light.sunken,
  '#e9e6e1',
  light.line,
  light.lineStrong,
  '#a09a8f',
  light.textQuiet,
  light.textSecondary,
  '#35322e',
  light.text,
];

/** Mantine reads 0 as text, 4 as border, 6 as input surface and 7 as body in its dark scheme. */
const darkScale: MantineColorsTuple = [
  dark.text,
  dark.textSecondary,
  dark.textQuiet,
  '#777167',
  dark.lineStrong,
  dark.hover,
  dark.surface,
  dark.page,
  dark.sunken,
  '#0e0d0c',
];

const red: MantineColorsTuple = [
  '#fbeae8',
  '#f5d2cf',
  '#efbfbb',
  '#e58d86',
  '#d9635a',
  '#cb4239',
  '#bd2f26',
  '#ad211a',
  '#8c1913',
  '#6b120d',
];

const sans = "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif";
const mono = "'JetBrains Mono Variable', ui-monospace, 'SFMono-Regular', Menlo, Consolas, monospace";

export const theme = createTheme({
  colors: { accent, gray, dark: darkScale, red },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  black: light.text,
  white: '#ffffff',
  fontFamily: sans,
  fontFamilyMonospace: mono,
  fontSmoothing: true,
  fontSizes: { xs: '0.75rem', sm: '0.875rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  lineHeights: { xs: '1.35', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  fontWeights: { regular: '400', medium: '550', bold: '600' },
  headings: {
    fontFamily: sans,
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.75rem', lineHeight: '1.25' },
      h2: { fontSize: '1.25rem', lineHeight: '1.3' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
      h4: { fontSize: '0.875rem', lineHeight: '1.45' },
      h5: { fontSize: '0.875rem', lineHeight: '1.45' },
      h6: { fontSize: '0.75rem', lineHeight: '1.35' },
    },
  },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.5rem', xl: '2rem' },
  radius: { xs: '0.25rem', sm: '0.375rem', md: '0.5rem', lg: '0.75rem', xl: '1rem' },
  defaultRadius: 'md',
  shadows: {
    xs: 'none',
    sm: 'none',
    md: '0 0.25rem 1rem rgba(20, 18, 15, 0.10)',
    lg: '0 0.5rem 1.5rem rgba(20, 18, 15, 0.12)',
    xl: '0 0.75rem 2.25rem rgba(20, 18, 15, 0.16)',
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    Modal: {
      defaultProps: {
        centered: true,
        padding: 'lg',
        overlayProps: { backgroundOpacity: 0.32 },
        transitionProps: { duration: 120, transition: 'fade' },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Menu: {
      defaultProps: {
        transitionProps: { duration: 100, transition: 'fade' },
        shadow: 'md',
        // The placeholder would be a child that a menu may not have; the first item takes the focus instead.
        withInitialFocusPlaceholder: false,
      },
    },
    Popover: { defaultProps: { transitionProps: { duration: 100, transition: 'fade' }, shadow: 'md' } },
    Tooltip: {
      defaultProps: { transitionProps: { duration: 100, transition: 'fade' }, openDelay: 400, withArrow: false },
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 } } },
    Tabs: { defaultProps: { keepMounted: false } },
  },
});

function paletteVariables(palette: Palette): Record<string, string> {
  return {
    '--hf-page': palette.page,
    '--hf-surface': palette.surface,
    '--hf-sunken': palette.sunken,
    '--hf-hover': palette.hover,
    '--hf-selected': palette.selected,
    '--hf-line': palette.line,
    '--hf-line-strong': palette.lineStrong,
    '--hf-text': palette.text,
    '--hf-text-secondary': palette.textSecondary,
    '--hf-text-quiet': palette.textQuiet,
    '--hf-accent': palette.accent,
    '--hf-accent-strong': palette.accentStrong,
    '--hf-accent-soft': palette.accentSoft,
    '--hf-on-accent': palette.onAccent,
    '--hf-canvas': palette.canvas,
    '--hf-canvas-dot': palette.canvasDot,
    '--hf-edge': palette.edge,
    '--hf-overlay': palette.overlay,
    '--hf-json-key': palette.jsonKey,
    '--hf-json-string': palette.jsonString,
    '--hf-json-number': palette.jsonNumber,
    '--mantine-color-body': palette.page,
    '--mantine-color-text': palette.text,
    '--mantine-color-dimmed': palette.textQuiet,
    '--mantine-color-placeholder': palette.textQuiet,
    '--mantine-color-anchor': palette.accent,
    '--mantine-color-default': palette.surface,
    '--mantine-color-default-hover': palette.hover,
    '--mantine-color-default-color': palette.text,
    '--mantine-color-default-border': palette.lineStrong,
    '--mantine-color-error': palette === light ? statusLight.failed.ink : statusDark.failed.ink,
    '--mantine-primary-color-light-color': palette.accent,
    '--mantine-color-accent-light': palette.accentSoft,
    '--mantine-color-accent-light-hover': palette.selected,
    '--mantine-color-accent-light-color': palette.accent,
    '--mantine-color-accent-text': palette.accent,
  };
}

/** `--hf-status-waiting`, `--hf-status-waiting-soft`, `--hf-status-waiting-line`, `--hf-mark-waiting`. */
function statusVariables(statuses: Record<StateWord, StatusColors>, complete: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [word, colors] of Object.entries(statuses)) {
    const name = word.replace('_', '-');
    variables[`--hf-status-${name}`] = colors.ink;
    variables[`--hf-status-${name}-soft`] = colors.soft;
    variables[`--hf-status-${name}-line`] = colors.line;
    variables[`--hf-mark-${name}`] = word === 'complete' ? complete : colors.ink;
  }
  return variables;
}

const sizes: Record<string, string> = {
  '--hf-hair': '0.0625rem',
  '--hf-half': '0.125rem',
  '--hf-1': '0.25rem',
  '--hf-1-half': '0.375rem',
  '--hf-2': '0.5rem',
  '--hf-3': '0.75rem',
  '--hf-4': '1rem',
  '--hf-5': '1.25rem',
  '--hf-6': '1.5rem',
  '--hf-8': '2rem',
  '--hf-10': '2.5rem',
  '--hf-12': '3rem',
  '--hf-16': '4rem',
  '--hf-hairline': '1px',
  '--hf-stroke': '2px',
  '--hf-radius': '0.5rem',
  '--hf-radius-small': '0.25rem',
  '--hf-radius-full': '999px',
  '--hf-font': sans,
  '--hf-mono': mono,
  '--hf-text-tiny': '0.6875rem',
  '--hf-text-small': '0.75rem',
  '--hf-text-body': '0.875rem',
  '--hf-text-lead': '1rem',
  '--hf-text-title': '1.25rem',
  '--hf-text-display': '1.75rem',
  '--hf-weight-medium': '550',
  '--hf-weight-bold': '600',
  '--hf-icon': '1rem',
  '--hf-icon-small': '0.875rem',
  '--hf-icon-large': '1.25rem',
  '--hf-icon-hero': '1.75rem',
  '--hf-nav-width': '4.75rem',
  '--hf-side-width': '22rem',
  '--hf-panel-width': '20rem',
  '--hf-list-width': '24rem',
  '--hf-reading-width': '46rem',
  '--hf-text-width': '30rem',
  '--hf-page-width': '84rem',
  '--hf-card-min': '18rem',
  '--hf-row': '2.75rem',
  '--hf-header': '3.5rem',
  '--hf-node-width': '240px',
  '--hf-node-height': '88px',
  '--hf-handle': '12px',
  '--hf-motion': '120ms',
  '--hf-ease': 'cubic-bezier(0.2, 0, 0.2, 1)',
  '--hf-shadow-float': '0 0.25rem 1rem rgba(20, 18, 15, 0.10)',
  '--hf-focus-ring': '0 0 0 2px var(--hf-page), 0 0 0 4px var(--hf-accent)',
  /* Edges of the canvas in the terms of what they mean. */
  '--hf-edge-fallback': 'var(--hf-mark-failed)',
  '--hf-edge-rejected': 'var(--hf-mark-escalated)',
  '--hf-edge-loop': 'var(--hf-mark-rolled-back)',
  '--hf-edge-taken': 'var(--hf-mark-confirmed)',
};

export const cssVariables: CSSVariablesResolver = () => ({
  variables: sizes,
  light: { ...paletteVariables(light), ...statusVariables(statusLight, completeMark.light) },
  dark: { ...paletteVariables(dark), ...statusVariables(statusDark, completeMark.dark) },
});

/** The canvas needs the card's size as numbers, before anything is drawn. */
export const nodeSize = { width: 240, height: 88 } as const;

export const toastWidthPx = 340;

/** Height of a row of a virtual list, in pixels at 100 % text size. */
export const rowHeightPx = 44;
