"""The pages of the dashboard, a module each; engine/web/frame.py says what they have in common."""
