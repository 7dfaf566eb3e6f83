/** The workspace's settings, where the data lies, and what the Sandbox systems were really asked to do. */
import { Button, SegmentedControl, TextInput, useMantineColorScheme } from '@mantine/core';
import { RefreshCw, ServerOff } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SandboxEntry, WorkspaceSettings } from '../../../shared/api/contract.ts';
import { useCommand, useQuery } from '../../client.ts';
import { formatActor } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { setSettings, useSettings } from '../../lib/settings.ts';
import { CopyButton } from '../../ui/json-tree.tsx';
import { EmptyState, ErrorState, Page, PageHeader, RowsSkeleton, Section } from '../../ui/page.tsx';
import { SandboxTable } from './sandbox-table.tsx';
import classes from './settings.module.css';

interface Identity {
  kind: 'person' | 'role';
  name: string;
}

function identityOf(actor: string): Identity {
  const colon = actor.indexOf(':');
  return { kind: actor.startsWith('role:') ? 'role' : 'person', name: actor.slice(colon + 1) };
}

function Row({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.row}>
      <div>
        <div className={classes.rowTitle}>{title}</div>
        {note !== undefined && <div className={classes.note}>{note}</div>}
      </div>
      <div className={classes.control}>{children}</div>
    </div>
  );
}

function ActingAs({ stored }: { stored: string }) {
  const [edited, setEdited] = useState<Identity>();
  const save = useCommand('settings.set');
  const shown = edited ?? identityOf(stored);
  const name = shown.name.trim();
  const actor = `${shown.kind}:${name}`;
  const submit = async () => {
    const saved = await save.run({ actingAs: actor });
    if (!saved.ok) return;
    setSettings(saved.value);
    setEdited(undefined);
    notifyDone(`You now decide as ${formatActor(saved.value.actingAs)}.`);
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name !== '') void submit();
      }}
    >
      <SegmentedControl
        aria-label="Person or role"
        value={shown.kind}
        onChange={(kind) => setEdited({ ...shown, kind: kind === 'role' ? 'role' : 'person' })}
        data={[
          { value: 'person', label: 'Person' },
          { value: 'role', label: 'Role' },
        ]}
      />
      <TextInput
        className={classes.input}
        aria-label="Name"
        maxLength={90}
        value={shown.name}
        error={name === '' ? 'Enter a name, such as ada or finance-lead.' : undefined}
        onChange={(event) => setEdited({ ...shown, name: event.currentTarget.value })}
      />
      <Button type="submit" variant="default" disabled={name === '' || actor === stored} loading={save.busy}>
        Save
      </Button>
    </form>
  );
}

function Scheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const save = useCommand('settings.set');
  const choose = async (next: WorkspaceSettings['colorScheme']) => {
    setColorScheme(next);
    const saved = await save.run({ colorScheme: next });
    if (saved.ok) setSettings(saved.value);
  };
  return (
    <SegmentedControl
      aria-label="Colours"
      value={colorScheme}
      onChange={(value) => void choose(value === 'light' || value === 'dark' ? value : 'auto')}
      data={[
        { value: 'auto', label: 'Like the system' },
        { value: 'light', label: 'Light' },
        { value: 'dark', label: 'Dark' },
      ]}
    />
  );
}

const hostNames = { electron: 'Desktop', loopback: 'Browser', terminal: 'Terminal' } as const;

function Sandbox() {
  const { value, error, reload } = useQuery('sandbox.entries', {});
  return (
    <Section
      title="What the Sandbox systems were really asked to do"
      note="The CRM, payments and mail service that come with Holdfast keep their own book. Compare it with a run’s ledger."
      actions={
        <Button variant="default" leftSection={<RefreshCw aria-hidden className={classes.icon} />} onClick={reload}>
          Read again
        </Button>
      }
    >
      {error ? (
        <ErrorState error={error} />
      ) : !value ? (
        <RowsSkeleton rows={4} />
      ) : value.length === 0 ? (
        <EmptyState
          icon={ServerOff}
          title="Nobody asked them for anything yet"
          text="Run a sample: what it changes shows up here."
        />
      ) : (
        <SandboxTable entries={value satisfies SandboxEntry[]} />
      )}
    </Section>
  );
}

export function SettingsPage() {
  const info = useQuery('app.info', {});
  const settings = useSettings((store) => store.settings);
  return (
    <Page>
      <PageHeader title="Settings" />
      <Section title="You">
        <div className={classes.rows}>
          <Row title="You decide as" note="Decisions on this machine are recorded under this name, as not verified.">
            <ActingAs stored={settings.actingAs} />
          </Row>
          <Row title="Colours">
            <Scheme />
          </Row>
          <Row title="Currency" note="All costs are shown in it.">
            {settings.currency}
          </Row>
        </div>
      </Section>
      <Section title="This installation">
        {info.error ? (
          <ErrorState error={info.error} />
        ) : (
          <div className={classes.rows}>
            <Row title="Data folder" note="Workflows, runs and the ledger lie in one database here.">
              <span className={classes.path}>
                <code className="hf-mono">{info.value?.dataDir ?? '…'}</code>
                {info.value && <CopyButton text={info.value.dataDir} label="Copy the folder" />}
              </span>
            </Row>
            <Row title="Holdfast">{info.value ? `${info.value.version} · ${hostNames[info.value.host]}` : '…'}</Row>
            <Row title="SQLite">{info.value?.sqliteVersion ?? '…'}</Row>
          </div>
        )}
      </Section>
      <Sandbox />
    </Page>
  );
}
