/** The workspace's settings as the page knows them, shared by every screen. Loaded once by the frame. */
import { create } from 'zustand';
import type { WorkspaceSettings } from '../../shared/api/contract.ts';

export const useSettings = create<{ settings: WorkspaceSettings; loaded: boolean }>()(() => ({
  settings: { actingAs: 'role:operator', currency: 'EUR', colorScheme: 'auto' },
  loaded: false,
}));

export function setSettings(settings: WorkspaceSettings): void {
  useSettings.setState({ settings, loaded: true });
}
