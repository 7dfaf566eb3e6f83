/**
 * The icon of a step kind, by the name its manifest gives. A closed list, so that the bundle carries these and not
 * lucide's whole set; an unknown name gets the plain box.
 */
import {
  Bot,
  Box,
  Braces,
  Clock,
  Code,
  Database,
  FileText,
  Filter,
  GitBranch,
  GitFork,
  Globe,
  Hourglass,
  Mail,
  MessageSquare,
  Plug,
  Repeat,
  Send,
  Shuffle,
  Sparkles,
  Split,
  Table,
  Timer,
  User,
  UserCheck,
  Variable,
  Webhook,
  Wrench,
  Zap,
  type LucideIcon,
} from 'lucide-react';

const icons: Record<string, LucideIcon> = {
  bot: Bot,
  braces: Braces,
  brain: Sparkles,
  clock: Clock,
  code: Code,
  database: Database,
  'file-text': FileText,
  filter: Filter,
  'git-branch': GitBranch,
  'git-fork': GitFork,
  globe: Globe,
  hourglass: Hourglass,
  mail: Mail,
  'message-square': MessageSquare,
  plug: Plug,
  repeat: Repeat,
  send: Send,
  shuffle: Shuffle,
  sparkles: Sparkles,
  split: Split,
  table: Table,
  timer: Timer,
  user: User,
  'user-check': UserCheck,
  variable: Variable,
  webhook: Webhook,
  wrench: Wrench,
  zap: Zap,
};

export function KindIcon({ name, className }: { name: string | undefined; className?: string | undefined }) {
  const Icon = icons[name ?? ''] ?? Box;
  return <Icon aria-hidden className={className} strokeWidth={1.75} />;
}
