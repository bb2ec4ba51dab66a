import './lib/no-eval.ts';
import './ui/theme.css';
import { boot } from './app/boot.tsx';
import { MainWindow } from './app/main-window.tsx';

void boot(<MainWindow />);
