"""Telling people and media servers what happened: never in a job's way, never more often than was asked for."""
