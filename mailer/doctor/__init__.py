"""What `mailer doctor` looks at: whatever outside of mailer must be right for mail to leave and to arrive.

Takes an open workspace, and where names are looked up. Gives findings, each with what to do about it. One check a file; a
check waits some seconds at most for what it asks, changes nothing, and sends no mail.
"""

from mailer.doctor.checkup import examine
from mailer.doctor.finding import Finding, Level
from mailer.doctor.names import Names

__all__ = ["Finding", "Level", "Names", "examine"]
