/** Keeps a bug in one screen from taking the frame with it: says so plainly and offers to load the screen again. */
import { Button } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { Component } from 'react';
import type { ReactNode } from 'react';
import { EmptyState } from '../page.tsx';

export class ScreenGuard extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <EmptyState
        icon={TriangleAlert}
        tone="problem"
        title="This screen could not be shown"
        text="Your workflows and runs are not affected. Load the screen again; if it fails again, open another one."
        action={<Button onClick={() => this.setState({ failed: false })}>Load again</Button>}
      />
    );
  }
}
