/**
 * ENTRY of the page: the look, the client, the frame, in this order. Holds no logic of its own and loads nothing from elsewhere.
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
import { installStyles } from './ui/install-styles.ts';
import { theme, toastWidthPx } from './ui/theme.ts';

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
// Where a library writes a style element by itself, it looks for the nonce under this name.
Object.assign(window, { __webpack_nonce__: nonce });
installStyles(nonce);

const client = startClient();
const schemes = localStorageColorSchemeManager({ key: 'holdfast.colorScheme' });
const root = document.getElementById('root');
if (!root) throw new Error('The page has no element called root.');

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      withCssVariables={false}
      withGlobalClasses={false}
      defaultColorScheme="auto"
      colorSchemeManager={schemes}
      getStyleNonce={() => nonce}
    >
      <Notifications position="bottom-right" limit={3} transitionDuration={120} containerWidth={toastWidthPx} />
      <ClientContext.Provider value={client}>
        <App />
      </ClientContext.Provider>
    </MantineProvider>
  </StrictMode>,
);
