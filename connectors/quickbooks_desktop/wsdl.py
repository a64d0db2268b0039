"""The description of our service, made from the table of operations, with the address it is asked at.

The Web Connector brings its own and never asks; people's tools and our tests do. [facts 1.1]
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from connectors.quickbooks_desktop.soap import INTEGERS, NAMESPACE, OPERATIONS


def write_wsdl(address: str) -> bytes:
    """A WSDL 1.1 document, SOAP 1.1 document/literal wrapped, for the service at `address`."""
    types = "".join(_types(operation) for operation in OPERATIONS)
    messages = "".join(_messages(operation) for operation in OPERATIONS)
    port = "".join(_port(operation) for operation in OPERATIONS)
    binding = "".join(_binding(operation) for operation in OPERATIONS)
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:qb="{NAMESPACE}" targetNamespace="{NAMESPACE}">'
        f'<wsdl:types><xs:schema elementFormDefault="qualified" targetNamespace="{NAMESPACE}">'
        '<xs:complexType name="Strings"><xs:sequence><xs:element name="string" type="xs:string" nillable="true" '
        f'minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>{types}</xs:schema></wsdl:types>'
        f'{messages}<wsdl:portType name="WebConnectorPort">{port}</wsdl:portType>'
        '<wsdl:binding name="WebConnectorSoap" type="qb:WebConnectorPort">'
        f'<soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>{binding}</wsdl:binding>'
        '<wsdl:service name="WebConnectorService"><wsdl:port name="WebConnectorSoap" binding="qb:WebConnectorSoap">'
        f"<soap:address location={quoteattr(address)}/></wsdl:port></wsdl:service></wsdl:definitions>"
    ).encode()


def _types(operation: str) -> str:
    arguments = "".join(
        f'<xs:element name="{name}" type="xs:int"/>'
        if name in INTEGERS
        else f'<xs:element name="{name}" type="xs:string" minOccurs="0"/>'
        for name in OPERATIONS[operation]
    )
    result = {"authenticate": 'type="qb:Strings" minOccurs="0"', "receiveResponseXML": 'type="xs:int"'}.get(
        operation, 'type="xs:string" minOccurs="0"'
    )
    return (
        f'<xs:element name="{operation}"><xs:complexType><xs:sequence>{arguments}</xs:sequence></xs:complexType>'
        f'</xs:element><xs:element name="{operation}Response"><xs:complexType><xs:sequence>'
        f'<xs:element name="{operation}Result" {result}/></xs:sequence></xs:complexType></xs:element>'
    )


def _messages(operation: str) -> str:
    return "".join(
        f'<wsdl:message name="{name}"><wsdl:part name="parameters" element="qb:{name}"/></wsdl:message>'
        for name in (operation, f"{operation}Response")
    )


def _port(operation: str) -> str:
    return (
        f'<wsdl:operation name="{operation}"><wsdl:input message="qb:{operation}"/>'
        f'<wsdl:output message="qb:{operation}Response"/></wsdl:operation>'
    )


def _binding(operation: str) -> str:
    return (
        f'<wsdl:operation name="{operation}"><soap:operation soapAction="{NAMESPACE}{operation}" style="document"/>'
        '<wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>'
        "</wsdl:operation>"
    )
