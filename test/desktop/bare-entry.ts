// The smallest desktop app: proves that the harness itself can open, drive and kill a window.
import { app, BrowserWindow } from 'electron';

void app.whenReady().then(async () => {
  const window = new BrowserWindow({ webPreferences: { sandbox: true, contextIsolation: true } });
  await window.loadURL('data:text/html,<title>Bare</title><h1>It opens</h1>');
});
