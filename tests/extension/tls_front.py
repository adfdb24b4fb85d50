"""Certificates made for one test, and servers that misbehave behind them."""
import pathlib
import socket
import ssl
import subprocess
import threading

CA_SETTINGS = """
[ca]
default_ca = test
[test]
database = {folder}/index
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A certificate authority with its files in a folder of its own."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir()
        self.folder = folder
        self.pem = folder / "ca.pem"
        (folder / "index").touch()
        (folder / "ca.cnf").write_text(CA_SETTINGS.format(folder=folder), encoding="utf-8")
        openssl("req", "-x509", *NEW_KEY, "-keyout", folder / "ca.key", "-out", self.pem, "-days", 2,
                "-subj", "/CN=Test authority")

    def certificate(self, name: str, first: str = "", last: str = "") -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate for `name` and its key; valid now, or from and until YYYYMMDDHHMMSSZ."""
        stem = self.folder / f"{name}{last}"
        openssl("req", *NEW_KEY, "-keyout", f"{stem}.key", "-out", f"{stem}.csr", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName=DNS:{name}")
        days = ("-startdate", first, "-enddate", last) if last else ("-days", 2)
        openssl("ca", "-batch", "-config", self.folder / "ca.cnf", *days, "-in", f"{stem}.csr", "-out", f"{stem}.pem")
        pathlib.Path(f"{stem}.key").chmod(0o600)
        return pathlib.Path(f"{stem}.pem"), pathlib.Path(f"{stem}.key")

    def server(self, name: str, first: str = "", last: str = "") -> ssl.SSLContext:
        """The context of a server with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(name, first, last))
        return context


def read_request(connection: socket.socket) -> bytes:
    """One whole request with a Content-Length; what came, when the peer leaves before."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        if end:
            lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            if len(body) >= int(lengths[0]):
                return data
        more = connection.recv(65536)
        if not more:
            return data
        data += more


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Front:
    """Listens on a free port of localhost; every connection whose handshake succeeds goes to `behaviour(front, it)`."""

    def __init__(self, context: ssl.SSLContext | None, behaviour):
        self.requests: list[bytes] = []
        self.end = threading.Event()  # of the front
        self.left = threading.Event()  # a client did, before its answer had ended
        self._context, self._behaviour = context, behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.end.set()
        self._listener.close()

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except OSError:
            return  # closed

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                if self._context is None:
                    self._behaviour(self, connection)
                    return
                with self._context.wrap_socket(connection, server_side=True) as secured:
                    self._behaviour(self, secured)
        except OSError:
            return  # the peer refused the certificate, or left


def answer_with(data: bytes):
    def behaviour(front: Front, connection: socket.socket) -> None:
        request = read_request(connection)
        if not request:
            return  # the client refused the certificate
        front.requests.append(request)
        connection.sendall(data)
    return behaviour


def say_nothing(front: Front, connection: socket.socket) -> None:
    del connection
    front.end.wait()


def drip(front: Front, connection: socket.socket, drop: bytes, pause: float) -> None:
    """Sends `drop` again and again, until the client leaves."""
    try:
        while not front.end.wait(pause):
            connection.sendall(drop)
    except OSError:
        front.left.set()


def never_end(head: bytes, drop: bytes, pause: float = 0):
    """Answers with `head`, and `drop` behind it without end."""
    def behaviour(front: Front, connection: socket.socket) -> None:
        front.requests.append(read_request(connection))
        connection.sendall(head)
        drip(front, connection, drop, pause)
    return behaviour


class Proxy:
    """Takes CONNECT on a free port of localhost, and passes on what comes behind it; `asked` is where to."""

    def __init__(self):
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        try:
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
        except OSError:
            return  # closed

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.asked.append(head.split()[1])
        port = int(self.asked[-1].decode().removeprefix("localhost:"))
        # A clean machine may have no file of hosts: the name needs none.
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            client.sendall(b"HTTP/1.0 200 Connected\r\n\r\n")
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
            self._pass_on(server, client)

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # one of them left
