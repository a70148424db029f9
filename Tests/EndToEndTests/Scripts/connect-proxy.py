"""Usage: connect-proxy.py LOG

An HTTP proxy on loopback that knows CONNECT alone. Prints its port; writes each request's first line, and the
Proxy-Authorization that came with it, to LOG. CONNECT to the port 1 gets a head without end.
"""

import socket
import sys
import threading


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client, log):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    lines = head.decode("latin-1").split("\r\n")
    sent = [line for line in lines if line.lower().startswith("proxy-authorization:")]
    with open(log, "a", encoding="utf-8") as file:
        file.write(" ".join([lines[0]] + sent) + "\n")
    method, target, _ = lines[0].split(" ")
    if method != "CONNECT":
        client.sendall(b"HTTP/1.1 405 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        client.close()
        return
    host, port = target.rsplit(":", 1)
    if port == "1":
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                client.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        except OSError:
            return
    server = socket.create_connection(("127.0.0.1" if host == "localhost" else host, int(port)))
    client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    threading.Thread(target=copy, args=(server, client), daemon=True).start()
    copy(client, server)


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], sys.argv[1]), daemon=True).start()
