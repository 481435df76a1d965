import type { Path, RawDocument } from '../problem.ts';
import { type Problem, pathText } from '../problem.ts';

/** Says that something at a path is wrong, and what to write instead when that is known. */
export type Report = (path: Path, message: string, fix?: string) => void;

/** Collects the problems of one document. Lines are looked up only for what is wrong. */
export function reporter(document: RawDocument, problems: Problem[]): Report {
  return (path, message, fix) => {
    const { file } = document;
    const found = { file, line: document.lineOf(path), path: pathText(path), message };
    problems.push(fix === undefined ? found : { ...found, fix });
  };
}
