"""What the window and the worker say to one another, under one name: commands, replies, and the events of training."""

from __future__ import annotations

from engine.commands import *  # noqa: F403
from engine.replies import *  # noqa: F403
from engine.replies import Reply
from engine.training.events import TrainingEvent

Message = Reply | TrainingEvent
