import './lib/no-eval.ts';
import './ui/theme.css';
import { boot } from './app/boot.tsx';
import { ApprovalWindow } from './features/approvals/approval-window.tsx';

void boot(<ApprovalWindow />);
