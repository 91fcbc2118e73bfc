"""Runs a program in a terminal of its own. Once what it shows has a text, gives it a key or a signal, and shows it all.

    python3 in_terminal.py TEXT KEY|SIGNAL PROGRAM ARGUMENT...
"""
import fcntl, os, pty, struct, subprocess, sys, termios

text, end, *command = sys.argv[1:]
ours, its = pty.openpty()
fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
program = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True)
os.close(its)
seen = b""


def more():
    global seen
    try:
        read = os.read(ours, 65536)
    except OSError:  # Nobody has the terminal any more.
        read = b""
    seen += read
    return read


while text.encode() not in seen and more():
    pass
if end.isdigit():
    program.send_signal(int(end))
else:
    os.write(ours, end.encode())
while more():
    pass
sys.stdout.buffer.write(seen)
sys.exit(program.wait())
