/**
 * ENTRY of the page: policies first, then theme and frame. Holds no logic of its own and loads nothing from elsewhere.
 */
import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './ui/base.css';
import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ClientContext, startClient } from './client.ts';
import { installTrustedTypes } from './lib/trusted-types.ts';
import { cssVariables, theme } from './ui/theme.ts';

installTrustedTypes();

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
// Where a library writes a style element by itself, it looks for the nonce under this name.
Object.assign(window, { __webpack_nonce__: nonce });

const client = startClient();
const schemes = localStorageColorSchemeManager({ key: 'holdfast.colorScheme' });
const root = document.getElementById('root');
if (!root) throw new Error('The page has no element called root.');

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      colorSchemeManager={schemes}
      getStyleNonce={() => nonce}
    >
      <Notifications position="bottom-right" limit={4} transitionDuration={120} />
      <ClientContext.Provider value={client}>
        <App />
      </ClientContext.Provider>
    </MantineProvider>
  </StrictMode>,
);
