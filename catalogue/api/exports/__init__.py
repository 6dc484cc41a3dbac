"""Exports of sealed documents in standard formats: CPSV-AP and HSDS. No HTTP."""
