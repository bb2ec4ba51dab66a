import { z } from 'zod';

// SECURITY: the pages' CSP refuses eval. Without this zod would try it once, at import, and report a violation.
// Entries import this file before anything that declares a schema.
z.config({ jitless: true });
